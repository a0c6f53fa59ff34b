// Package main is KubeVirt's virt-api, which serves KubeVirt's admission webhooks and subresources.
//
// It isn't in the binary of the other programs, because its packages compute an OpenAPI document
// for seconds before main is reached.
package main

import (
	"os"

	"live-migration-webhook/controlplane/kubevirt/owner"

	"kubevirt.io/client-go/log"
	"kubevirt.io/kubevirt/pkg/service"
	virtapi "kubevirt.io/kubevirt/pkg/virt-api"
)

func main() {
	owner.EndWith(func() { os.Exit(1) })
	log.InitializeLogging("virt-api")
	app := virtapi.NewVirtApi()
	service.Setup(app)
	app.Execute()
}
