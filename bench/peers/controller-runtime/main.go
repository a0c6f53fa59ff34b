// A webhook as controller-runtime's own documentation builds one: typed objects, the manager's cache, its metrics and
// probes. The benchmark compares it with ours.
package main

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	virtv1 "kubevirt.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

var errLoading = errors.New("the cache is still being filled")

func main() {
	host := flag.String("host", "127.0.0.1", "address to listen on")
	port := flag.Int("port", 9443, "port of the webhook (TLS)")
	metrics := flag.String("metrics", "127.0.0.1:8080", "address of /metrics")
	probes := flag.String("probes", "127.0.0.1:8081", "address of /readyz")
	certificates := flag.String("certificates", "", "folder with tls.crt and tls.key")
	flag.Parse()
	ctrl.SetLogger(zap.New())

	manager, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Scheme:                 scheme(),
		Metrics:                server.Options{BindAddress: *metrics},
		HealthProbeBindAddress: *probes,
		WebhookServer:          webhook.NewServer(webhook.Options{Host: *host, Port: *port, CertDir: *certificates}),
	})
	exitOn(err)
	ctx := ctrl.SetupSignalHandler()
	exitOn(fillCache(ctx, manager))
	exitOn(ctrl.NewWebhookManagedBy(manager, &virtv1.VirtualMachineInstanceMigration{}).
		WithValidator(&Migrations{Reader: manager.GetClient()}).
		WithValidatorCustomPath("/validate/migrations").
		Complete())
	exitOn(manager.Start(ctx))
}

// scheme knows the kinds that are read.
func scheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(corev1.AddToScheme(scheme))
	utilruntime.Must(virtv1.AddToScheme(scheme))
	return scheme
}

// fillCache lets the manager watch both kinds from the start, and not be ready before it knows them.
func fillCache(ctx context.Context, manager ctrl.Manager) error {
	for _, kind := range []client.Object{&virtv1.VirtualMachineInstance{}, &corev1.PersistentVolumeClaim{}} {
		informer, err := manager.GetCache().GetInformer(ctx, kind)
		if err != nil {
			return err
		}
		synced := func(*http.Request) error {
			if !informer.HasSynced() {
				return errLoading
			}
			return nil
		}
		if err := manager.AddReadyzCheck(kindOf(kind), synced); err != nil {
			return err
		}
	}
	return manager.AddReadyzCheck("webhook", manager.GetWebhookServer().StartedChecker())
}

func kindOf(object client.Object) string {
	if _, ok := object.(*corev1.PersistentVolumeClaim); ok {
		return "claims"
	}
	return "vmis"
}

func exitOn(err error) {
	if err != nil {
		ctrl.Log.Error(err, "cannot go on")
		os.Exit(1)
	}
}
