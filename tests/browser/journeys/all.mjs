// The journeys, in their order: some need what others made.
import { newAccount } from "./accounts.mjs";
import { moveAllAndUndo, suspendAndUndo } from "./bulk.mjs";
import { whyNot } from "./connect.mjs";
import { findByPalette, findWithoutScripts, quickAdd } from "./customers.mjs";
import { anothersEyes } from "./eyes.mjs";
import { importAndUndo } from "./import.mjs";
import { keys, sharedView } from "./lists.mjs";

export const JOURNEYS = [newAccount, quickAdd, findByPalette, findWithoutScripts, keys, sharedView, suspendAndUndo, moveAllAndUndo, importAndUndo, whyNot, anothersEyes];
