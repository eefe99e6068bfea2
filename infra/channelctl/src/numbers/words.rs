//! The words that files have for a number, its extension and its name, in eight languages.

use std::sync::LazyLock;

use std::collections::HashMap;

use crate::numbers::columns::Column;

/// The words that announce an extension, folded: English, then what German, French, Spanish,
/// Portuguese, Italian, Dutch and Polish add.
#[rustfmt::skip]
const EXTENSION_WORDS: &[&str] = &[
    "#", "x", "ext", "extn", "extension",
    "app", "apparat", "durchwahl", "dw", "klappe", "kl", "nebenstelle", "nst",
    "poste",
    "anexo", "int", "interno",
    "extensao", "ramal",
    "toestel", "tst",
    "wew", "wewn", "wewnetrzny",
];

/// The headers of each column, folded and without anything but letters and digits, in the same order.
#[rustfmt::skip]
const HEADERS: [(Column, &[&str]); 5] = [
    (Column::Portal, &[
        "hubid", "hubspotaccountid", "hubspotid", "hubspotportalid", "portal", "portalid",
    ]),
    (Column::Number, &[
        "ddi", "did", "e164", "e164number", "e164phonenumber", "msisdn", "number", "phone", "phoneno",
        "phonenumber", "tel", "telephone", "telephoneno", "telephonenumber", "telno",
        "nummer", "rufnummer", "telefon", "telefonnr", "telefonnummer", "telnr",
        "ndetelephone", "nodetelephone", "notelephone", "numero", "numerodetelephone", "numtel",
        "ndetelefono", "nodetelefono", "numerodetelefono", "numerotelefono", "telefono",
        "ndetelefone", "nodetelefone", "numerodetelefone", "telefone",
        "numeroditelefono", "numerotelefonico",
        "telefoon", "telefoonnr", "telefoonnummer",
        "nrtelefonu", "numer", "numertelefonu",
    ]),
    (Column::Extension, &[
        "ext", "extension", "extensionnumber", "extn", "phoneextension",
        "apparat", "durchwahl", "dw", "nebenstelle", "nst",
        "numerodeposte", "poste",
        "anexo", "interno",
        "extensao", "ramal",
        "numerointerno",
        "toestel", "toestelnummer", "tst",
        "nrwewnetrzny", "numerwewnetrzny", "wew", "wewnetrzny",
    ]),
    (Column::Name, &[
        "description", "displayname", "friendlyname", "label", "name", "title",
        "anzeigename", "beschreibung", "bezeichnung",
        "intitule", "libelle", "nom",
        "descripcion", "etiqueta", "nombre",
        "descricao", "nome",
        "descrizione", "etichetta",
        "naam", "omschrijving", "weergavenaam",
        "etykieta", "nazwa", "opis",
    ]),
    (Column::Users, &[
        "hubspotuserid", "hubspotuserids", "user", "userid", "userids", "users",
        "benutzer", "benutzerid", "benutzerids",
        "utilisateur", "utilisateurs",
        "usuario", "usuarios",
        "utente", "utenti",
        "gebruiker", "gebruikers",
        "uzytkownicy", "uzytkownik",
    ]),
];

static COLUMN_OF: LazyLock<HashMap<&str, Column>> = LazyLock::new(|| {
    let headers = HEADERS.iter();
    headers
        .flat_map(|(column, names)| names.iter().map(|name| (*name, *column)))
        .collect()
});

/// Tells whether a word announces an extension.
pub fn is_extension_word(word: &str) -> bool {
    EXTENSION_WORDS.contains(&fold(word).as_str())
}

/// Returns the column that a header looks like.
pub fn column_of(header: &str) -> Option<Column> {
    let letters = fold(header);
    let letters: String = letters
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    COLUMN_OF.get(letters.as_str()).copied()
}

/// Writes a text in small letters without accents, composed or not.
fn fold(text: &str) -> String {
    let small = text.chars().flat_map(char::to_lowercase);
    small
        .filter(|letter| !('\u{300}'..='\u{36f}').contains(letter))
        .map(|letter| match letter {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' | 'ª' => 'a',
            'ç' | 'ć' => 'c',
            'è' | 'é' | 'ê' | 'ë' | 'ę' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ł' => 'l',
            'ñ' | 'ń' => 'n',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'º' => 'o',
            'ś' => 's',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            'ź' | 'ż' => 'z',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_headers_of_eight_languages() {
        for (column, headers) in [
            (
                Column::Number,
                &[
                    "Phone Number",
                    "Telefon",
                    "TELEFONNUMMER",
                    "Rufnummer",
                    "Téléphone",
                    "Te\u{301}le\u{301}phone",
                    "N° de téléphone",
                    "Numéro",
                    "Teléfono",
                    "Nº de teléfono",
                    "Telefone",
                    "Numero di telefono",
                    "Telefoonnummer",
                    "Numer telefonu",
                ][..],
            ),
            (
                Column::Extension,
                &[
                    "Ext.",
                    "Durchwahl",
                    "Nebenstelle",
                    "Poste",
                    "Extensión",
                    "Anexo",
                    "Ramal",
                    "Extensão",
                    "Interno",
                    "Toestel",
                    "Wewnętrzny",
                ],
            ),
            (
                Column::Name,
                &[
                    "friendly_name",
                    "Bezeichnung",
                    "Libellé",
                    "Nombre",
                    "Nome",
                    "Naam",
                    "Nazwa",
                ],
            ),
            (Column::Users, &["UserIds", "Benutzer", "Użytkownicy"]),
        ] {
            for header in headers {
                assert_eq!(column_of(header), Some(column), "{header}");
            }
        }
        assert_eq!(column_of("City"), None);
    }

    #[test]
    fn each_header_has_one_column() {
        let headers: usize = HEADERS.iter().map(|(_, names)| names.len()).sum();
        assert_eq!(COLUMN_OF.len(), headers);
    }
}
