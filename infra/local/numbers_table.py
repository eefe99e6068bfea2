"""The numbers table without its stack, as the template defines it."""

from samcli.yamlhelper import yaml_parse

from infra import ROOT


def create(client, name):
    """Creates an empty numbers table."""
    template = yaml_parse((ROOT / "infra" / "template.yaml").read_text(encoding="utf-8"))
    table = template["Resources"]["NumbersTable"]["Properties"]
    shape = {part: table[part] for part in ("BillingMode", "AttributeDefinitions", "KeySchema")}
    client.create_table(TableName=name, **shape)
