"""The contract as the site shows it: operations, schemas, examples, errors and clauses."""
