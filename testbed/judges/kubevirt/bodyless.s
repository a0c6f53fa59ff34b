// Lets the compiler accept functions without a body: see target.go and condition.go.
