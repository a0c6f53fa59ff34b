package main

import (
	"time"

	core "k8s.io/api/core/v1"
	resource "k8s.io/api/resource/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
)

// objects are what the plugins may ask for besides nodes and pods.
type objects struct {
	factory informers.SharedInformerFactory
	shown   map[any]*instantInformer
}

// newObjects makes a factory whose informers are never started: what they hold is put into them.
func newObjects() *objects {
	made := &objects{factory: informers.NewSharedInformerFactory(fake.NewClientset(), 0), shown: map[any]*instantInformer{}}
	add[core.Namespace](made, &core.Namespace{})
	add[core.PersistentVolume](made, &core.PersistentVolume{})
	add[core.PersistentVolumeClaim](made, &core.PersistentVolumeClaim{})
	add[storage.StorageClass](made, &storage.StorageClass{})
	add[storage.CSINode](made, &storage.CSINode{})
	add[storage.CSIDriver](made, &storage.CSIDriver{})
	add[storage.CSIStorageCapacity](made, &storage.CSIStorageCapacity{})
	add[resource.DeviceClass](made, &resource.DeviceClass{})
	add[resource.ResourceClaim](made, &resource.ResourceClaim{})
	add[resource.ResourceSlice](made, &resource.ResourceSlice{})
	return made
}

// kindKey tells kinds apart.
type kindKey[Kind any] struct{}

func add[Kind any](all *objects, example runtime.Object) {
	indexers := cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}
	informer := &instantInformer{SharedIndexInformer: cache.NewSharedIndexInformer(nil, example, 0, indexers)}
	all.factory.InformerFor(example, func(kubernetes.Interface, time.Duration) cache.SharedIndexInformer { return informer })
	all.shown[kindKey[Kind]{}] = informer
}

// show puts these objects in the place of those of their kind that were there.
func show[Kind any](all *objects, those []*Kind) error {
	listed := make([]any, 0, len(those))
	for _, object := range those {
		listed = append(listed, object)
	}
	return all.shown[kindKey[Kind]{}].replace(listed)
}

// instantInformer tells its handlers at once what is put into it, where a real one waits for an API
// server.
type instantInformer struct {
	cache.SharedIndexInformer
	handlers []cache.ResourceEventHandler
}

func (informer *instantInformer) replace(objects []any) error {
	for _, old := range informer.GetStore().List() {
		for _, handler := range informer.handlers {
			handler.OnDelete(old)
		}
	}
	if err := informer.GetStore().Replace(objects, ""); err != nil {
		return err
	}
	for _, object := range objects {
		for _, handler := range informer.handlers {
			handler.OnAdd(object, true)
		}
	}
	return nil
}

// AddEventHandler keeps the handler.
func (informer *instantInformer) AddEventHandler(handler cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	informer.handlers = append(informer.handlers, handler)
	return synced{}, nil
}

// AddEventHandlerWithResyncPeriod keeps the handler; nothing is ever repeated.
func (informer *instantInformer) AddEventHandlerWithResyncPeriod(handler cache.ResourceEventHandler, _ time.Duration) (cache.ResourceEventHandlerRegistration, error) {
	return informer.AddEventHandler(handler)
}

// AddEventHandlerWithOptions keeps the handler; nothing is ever repeated.
func (informer *instantInformer) AddEventHandlerWithOptions(handler cache.ResourceEventHandler, _ cache.HandlerOptions) (cache.ResourceEventHandlerRegistration, error) {
	return informer.AddEventHandler(handler)
}

// HasSynced is always so.
func (informer *instantInformer) HasSynced() bool { return true }

// synced is the registration of a handler that has been told everything.
type synced struct {
	cache.ResourceEventHandlerRegistration
}

// HasSynced is always so.
func (synced) HasSynced() bool { return true }
