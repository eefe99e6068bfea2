//! The schemas of what `--json` prints, derived from the types that are printed.
//!
//! `INSTA_UPDATE=always cargo test --package channelctl --lib schema` writes them again.
#![expect(dead_code, reason = "of the documents here, only the schema is used")]

use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Value, json};

use crate::{
    call::Called,
    contract,
    deploy::{Deployed, delete::Deleted, diff::Diff},
    doctor::Findings,
    explain::Explanation,
    numbers::{
        check::CheckReport, connected::ConnectedNumbers, item::PortalNumber, list::List,
        plan::Planned, write,
    },
    outcome::Failure,
    registration::Registration,
    secrets::SecretsSet,
    status::{ProgramVersion, Status},
};

/// The documents of `schema/snapshots/stack.snap.json`, by their definitions' names.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StackDocuments {
    call: Called<'static>,
    delete: Deleted<'static>,
    deploy: Deployed<'static>,
    diff: Diff<'static>,
    doctor: Findings,
    error: Error,
    explain: Explanation<'static>,
    program_version: ProgramVersion<'static>,
    registration: Registration<'static>,
    secrets_set: SecretsSet<'static>,
    status: Status<'static>,
}

#[derive(JsonSchema)]
struct NumbersDocuments {
    check: CheckReport<'static>,
    connected: ConnectedNumbers<'static>,
    export: Vec<PortalNumber>,
    import: write::Report<'static>,
    list: List<'static>,
    remove: write::Report<'static>,
    set: write::Report<'static>,
}

#[derive(JsonSchema)]
struct ContractDocuments {
    contract: contract::Report,
}

/// The last line of standard error, with any exit code but 0.
#[derive(JsonSchema)]
struct Error {
    error: Failure,
}

#[derive(JsonSchema)]
pub(crate) struct Plan {
    portals: u64,
    add: u64,
    update: u64,
    delete: u64,
    unchanged: u64,
    rows: Vec<Planned>,
}

fn allow_no_other_fields(schema: &mut Schema) {
    if schema.get("properties").is_some() {
        schema.insert("additionalProperties".into(), false.into());
    }
}

fn schema<Documents: JsonSchema>(title: &str) -> Vec<u8> {
    let mut generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(RecursiveTransform(allow_no_other_fields))
        .into_generator();
    let mut documents = Documents::json_schema(&mut generator);
    let Some(Value::Object(documents)) = documents.remove("properties") else {
        unreachable!("the documents are a struct's fields");
    };
    let mut definitions = generator.take_definitions(true);
    definitions.extend(documents);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": title,
        "description": "Each command prints one document: the definition of its name.",
        "$defs": definitions,
    });
    let mut json = serde_json::to_vec_pretty(&schema).unwrap();
    json.push(b'\n');
    json
}

#[test]
fn documents_keep_their_schemas() {
    insta::with_settings!({
        snapshot_path => "../schema/snapshots", prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        let stack = schema::<StackDocuments>("channelctl --json");
        insta::assert_binary_snapshot!("stack.json", stack);
        let numbers = schema::<NumbersDocuments>("channelctl numbers --json");
        insta::assert_binary_snapshot!("numbers.json", numbers);
        let contract = schema::<ContractDocuments>("channelctl contract");
        insta::assert_binary_snapshot!("contract.json", contract);
    });
}
