"""Wire shapes of catalogues, and of configuring and pricing without keeping anything."""

from marshmallow import Schema, fields, validate

from app.foundation.fields import Day, Embedded, Moment, Text, Uuid, Whole, choice
from app.quotes.content import ContentField, ContextField
from app.resources.resource import QueryInt

STATUSES = ("draft", "active", "retired")


class CatalogueListedSchema(Schema):
    """A catalogue version, without its document."""

    id = Uuid(required=True)
    key = fields.String(
        required=True, metadata={"description": "Its own id, the same in every version.", "example": "rosvall"}
    )
    version = fields.String(required=True, metadata={"example": "2026.2"})
    name = fields.String(required=True)
    format = Whole(required=True)
    valid_from = Day(required=True, allow_none=True)
    valid_to = Day(required=True, allow_none=True)
    hash = fields.String(
        required=True, metadata={"description": "SHA-256 of the document as canonical JSON; the ETag of its content."}
    )
    bytes = Whole(
        required=True, metadata={"description": "Of the content as it is downloaded; 0 until it is compiled."}
    )
    products = Whole(required=True)
    status = choice(*STATUSES, required=True, metadata={"description": "Whether it is sold from."})
    compilation = choice("compiling", "ready", "failed", required=True)
    problem = fields.Dict(required=True, allow_none=True, metadata={"description": "Why it could not be compiled."})
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    row_version = Whole(1, required=True)


class CatalogueModelSchema(Schema):
    """The compiled configuration model of one product."""

    sku = fields.String(required=True)
    hash = fields.String(required=True)
    engine = choice("diagram", "sat", required=True)
    nodes = Whole(required=True, allow_none=True)
    solutions = fields.String(
        required=True, allow_none=True, metadata={"description": "How many configurations there are, exactly."}
    )
    bytes = Whole(required=True)


class CatalogueSchema(CatalogueListedSchema):
    """A catalogue version and its compiled models."""

    models = fields.List(fields.Nested(CatalogueModelSchema), required=True)


class CataloguePageSchema(Schema):
    """A page of catalogues, the newest first."""

    data = fields.List(fields.Nested(CatalogueListedSchema), required=True)
    next_cursor = Uuid(required=True, allow_none=True)


class CatalogueQuerySchema(Schema):
    """Which catalogues to list."""

    limit = QueryInt(1, 200, load_default=50, metadata={"description": "Catalogues on a page."})
    cursor = Uuid(metadata={"description": "`next_cursor` of the page before."})
    key = Text(80)
    status = choice(*STATUSES)


class CatalogueContentSchema(Schema):
    """What a phone keeps of a catalogue."""

    document = fields.Dict(required=True, metadata={"description": "The document, in full."})
    models = fields.Dict(
        fields.String(), fields.String(), required=True, metadata={"description": "Compiled models by SKU, base64."}
    )


class CatalogueNameSchema(Schema):
    """A catalogue by its own id and version."""

    key = Text(80, required=True, metadata={"example": "rosvall"})
    version = Text(40, required=True, metadata={"example": "2026.2"})


class ChosenSchema(Schema):
    """What was chosen of a feature: one value, or several that it was narrowed to."""

    feature = Text(200, required=True, metadata={"example": "motor"})
    value = Text(200, metadata={"example": "kw7_5"})
    values = fields.List(Text(200), validate=validate.Length(1, 1000))


class ValueSchema(Schema):
    """A value of a feature."""

    feature = Text(200, required=True, metadata={"example": "seal"})
    value = Text(200, required=True, metadata={"example": "double_sic"})


class ObjectiveSchema(Schema):
    """What a completion should be: usual, cheapest, lightest by a budget, or nearest to a configuration."""

    objective = choice("usual", "cheapest", "lightest", "nearest", required=True)
    budget = Text(200, metadata={"description": "Of `lightest`: the budget that is kept low."})
    prices = fields.Dict(
        Text(200),
        fields.Dict(Text(200), fields.Integer(strict=True, validate=validate.Range(-(10**12), 10**12))),
        metadata={"description": "Of `cheapest`: prices of values in minor units, by feature and value."},
    )
    configuration = fields.Dict(Text(200), Text(200), metadata={"description": "Of `nearest`: what to stay close to."})


class ConfigurationRequestSchema(Schema):
    """A question about a configuration; nothing is kept."""

    catalogue = Uuid(metadata={"description": "The catalogue by our id."})
    named = Embedded(CatalogueNameSchema, metadata={"description": "Or by its own id and version."})
    product = Text(100, required=True, metadata={"description": "SKU of a configurable product.", "example": "PX"})
    choices = fields.List(
        Embedded(ChosenSchema), required=True, validate=validate.Length(max=2000),
        metadata={"description": "In the order in which they were made; a later one of the same feature replaces."},
    )  # fmt: skip
    explain = fields.List(
        Embedded(ValueSchema), validate=validate.Length(max=50),
        metadata={"description": "Values of which to say what would have to be given up for them, and by which rules."},
    )  # fmt: skip
    take = Embedded(ValueSchema, metadata={"description": "A value to choose, whatever has to be given up for it."})
    complete = Embedded(ObjectiveSchema, metadata={"description": "Choose what is left."})


class ConfigurationAnswerSchema(Schema):
    """What is possible after these choices."""

    engine = choice("diagram", "sat", required=True)
    consistent = fields.Boolean(required=True)
    complete = fields.Boolean(required=True)
    ways = fields.String(
        required=True, allow_none=True, metadata={"description": "How many configurations are left; null by SAT."}
    )
    features = fields.Dict(required=True, metadata={"description": "By feature: `valid` values, `chosen`, `forced`."})
    budgets = fields.Dict(
        required=True, metadata={"description": "By budget: `min`, `max`, `limit`, `unit`, `at_least`, `unproven`."}
    )
    explained = fields.List(
        fields.Dict(),
        metadata={
            "description": "One for each of `explain`: `give_up`, `rules`, `budgets`; `unproven` when perhaps fewer would do."
        },
    )
    taken = fields.Dict(
        metadata={
            "description": "`choices` after taking the value, and what was `given_up`; `unproven` when perhaps fewer would do."
        }
    )
    completed = fields.Dict(fields.String(), fields.String(), metadata={"description": "A whole configuration."})
    proven = fields.Boolean(
        metadata={
            "description": "Of `completed`: true when it is the best there is, false when it is the best found in time."
        }
    )
    unproven = fields.Dict(
        metadata={
            "description": "By feature, values shown as valid that were not decided within the limit of the search."
        }
    )


class PriceRequestSchema(Schema):
    """A price request of the engine; or a content with its catalogue, of which the request is made. Nothing is kept."""

    request = fields.Dict(metadata={"description": "currency, on, policy, facts, steps, taxes, floors, header, lines."})
    content = ContentField(metadata={"description": "What a quote would hold."})
    context = ContextField(metadata={"description": "What is known around the quote; little when left out."})


class PriceAnswerSchema(Schema):
    """Prices with every step from list to net."""

    currency = fields.String(required=True)
    lines = fields.List(fields.Dict(), required=True)
    header = fields.List(fields.Dict(), required=True)
    taxes = fields.List(fields.Dict(), required=True)
    totals = fields.Dict(required=True)
    floors = fields.List(fields.Dict(), required=True)
    parents = fields.Dict(metadata={"description": "Of a content: which of its lines each priced line belongs to."})
    terms = fields.List(
        fields.Dict(), metadata={"description": "Of a content: terms beside each other, and leaving early."}
    )
    approvals = fields.List(fields.Dict(), metadata={"description": "Of a content: which approvals it would need."})
    findings = fields.List(fields.Dict(), metadata={"description": "Of a content: what is worth a look."})
    clauses = fields.List(fields.Dict())
    digest = fields.String(
        metadata={"description": "Of a content: names every line of the waterfall that a customer sees."}
    )
