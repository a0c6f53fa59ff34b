module live-migration-webhook/testbed/kubevirt-judges

go 1.26
