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
    for policy in branches(properties.get("Policies", [])):
        yield from branches(policy["PolicyDocument"]["Statement"])


def branches(part):
    """Yields each of one thing or many, and whatever a condition may leave of it."""
    if isinstance(part, list):
        for one in part:
            yield from branches(one)
    elif isinstance(part, dict) and "Fn::If" in part:
        yield from branches(part["Fn::If"][1:])
    elif part != {"Ref": "AWS::NoValue"}:
        yield part


def texts(part):
    """Yields every text within a part, whatever functions it stands in."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, (dict, list)):
        for one in part.values() if isinstance(part, dict) else part:
            yield from texts(one)


def report(departures):
    """Prints what departs from a rule, a line each, and returns the exit code."""
    print("\n".join(departures))
    return 1 if departures else 0
