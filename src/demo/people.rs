//! Who the demo's customers are: names, phones and streets as a provider in Dhaka has them. Made from the customer's number, so that they are the same every time;
//! the phones are of a range that no operator has given out.

/// Parts of the demo's town.
pub const ZONES: [&str; 6] = ["Mirpur 10", "Dhanmondi", "Uttara 4", "Mohammadpur", "Banani", "Old Town"];

const FIRST: [&str; 20] = [
    "Rahim", "Karim", "Fatema", "Ayesha", "Jahangir", "Nusrat", "Tanvir", "Shahida", "Imran", "Rubina", "Hasan", "Mousumi", "Arif",
    "Salma", "Nayeem", "Farzana", "Sohel", "Jesmin", "Kamal", "Sharmin",
];
const LAST: [&str; 13] =
    ["Uddin", "Ahmed", "Begum", "Hossain", "Chowdhury", "Khatun", "Islam", "Sarker", "Talukder", "Miah", "Akter", "Bhuiyan", "Mollah"];
const STREETS: [&str; 7] = ["Lake Road", "Station Road", "College Road", "Block C", "Kazi Para Lane", "Ring Road", "Garden Street"];
const DEVICES: [&str; 4] = ["TP-Link Archer C6", "Tenda F3", "MikroTik hAP lite", "phone"];

/// A customer of the demo.
pub struct Person {
    /// First and last name.
    pub name: String,
    /// Eleven digits.
    pub phone: String,
    /// Where he lives.
    pub zone: &'static str,
    /// House and street.
    pub address: String,
    /// A domain that is for examples (RFC 2606).
    pub email: String,
    /// What he connects with.
    pub device: &'static str,
}

/// The customer of a number.
pub fn person(i: usize) -> Person {
    let (first, last) = (FIRST[(i * 7 + i / 20) % FIRST.len()], LAST[(i * 5 + i / 13) % LAST.len()]);
    Person {
        name: format!("{first} {last}"),
        phone: format!("0100{:07}", (i * 7_654_321 + 1_234_567) % 10_000_000),
        zone: ZONES[(i * i + i / 3) % ZONES.len()],
        address: format!("House {} {}", 1 + (i * 37) % 180, STREETS[i % STREETS.len()]),
        email: if i.is_multiple_of(3) {
            format!("{}.{}{}@example.com", first.to_lowercase(), last.to_lowercase(), i)
        } else {
            String::new()
        },
        device: DEVICES[(i / 2) % DEVICES.len()],
    }
}
