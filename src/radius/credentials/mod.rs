//! What proves who logs in: PAP, CHAP, MS-CHAPv1, MS-CHAPv2, and the keys that follow from them.
