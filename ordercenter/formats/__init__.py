"""How dates look, by language; what a language doesn't say here, Django says."""
