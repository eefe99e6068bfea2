"""A CloudFormation template, read with its short forms of functions."""

import yaml


class Loader(yaml.SafeLoader):
    """Reads `!Ref X` as `{"Ref": "X"}`, and so on."""


def function(loader, tag, node):
    """Makes a function's long form of its short one."""
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", function)


def read(path):
    """Returns the template as plain data."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader)  # noqa: S506 - a SafeLoader


def of_type(template, name):
    """Yields the resources of a type, as logical id and properties."""
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == name:
            yield logical_id, resource.get("Properties", {})


def statements(properties):
    """Yields the statements of a role's own policies, those behind a condition too."""
    for policy in properties.get("Policies", []):
        for statement in listed(policy["PolicyDocument"]["Statement"]):
            yield from branches(statement)


def branches(statement):
    """Yields what a condition may leave of a statement."""
    if "Fn::If" in statement:
        yield from (one for one in statement["Fn::If"][1:] if "Effect" in one)
    else:
        yield statement


def listed(one_or_many):
    """Makes a list of what IAM allows to be one thing or many."""
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]
