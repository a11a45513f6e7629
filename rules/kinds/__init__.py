"""One module for each family of rule kinds: definition, mistakes, columns, predicate, explanation."""
