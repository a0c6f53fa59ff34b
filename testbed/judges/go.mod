module live-migration-webhook/testbed/judges

go 1.26
