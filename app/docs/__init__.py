"""The documentation that this process serves: the API as its OpenAPI document says it, and a page for every problem."""
