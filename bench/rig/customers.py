"""The customers that every server under test is filled with. The load generator names them by the same rule."""

import random

SECRET = "testing123"
# Written by rule, so that files, SQL and the generator agree: u000001 with the password pw000001.


def name(number):
    """User name of customer `number`, from 1."""
    return f"u{number:06d}"


def password(number):
    """Password of customer `number`."""
    return f"pw{number:06d}"


def mac(number):
    """MAC that the generator sends for customer `number`."""
    octets = number.to_bytes(4, "big")
    return "02:00:" + ":".join(f"{octet:02X}" for octet in octets)


def static_ip(number):
    """A tenth of all have an address of their own."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}" if number % 10 == 0 else ""


HEADER = "username,password,package,status,expires_at,mac,static_ip,connection\n"


def write_csv(path, count, package="bench"):
    """The file for `tollgate import customers`: half with a MAC, a tenth with a static address, none expired."""
    with open(path, "w") as file:
        file.write(HEADER)
        for number in range(1, count + 1):
            own_mac = mac(number) if number % 2 == 0 else ""
            file.write(f"{name(number)},{password(number)},{package},active,2099-12-31,{own_mac},{static_ip(number)},pppoe\n")


def write_varied_csv(path, count, package="bench", seed=7):
    """As `write_csv`, but with names of 8 to 24 octets, all lengths alike often; for the memory measurement."""
    dice = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    with open(path, "w") as file:
        file.write(HEADER)
        for number in range(1, count + 1):
            stem = f"{number:07d}"
            filler = "".join(dice.choices(letters, k=dice.randint(8, 24) - len(stem)))
            own_mac = mac(number) if number % 2 == 0 else ""
            file.write(f"{filler}{stem},{dice.randrange(10**9):09d},{package},active,2099-12-31,{own_mac},{static_ip(number)},pppoe\n")
