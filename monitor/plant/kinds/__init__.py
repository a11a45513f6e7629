"""How each rule kind is written in `rules.toml`: one module for each family of `rules/kinds/`."""
