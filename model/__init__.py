"""What the documents say: vocabulary, rules, rulesets and the system, as Z3 terms."""
