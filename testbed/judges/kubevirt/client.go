package main

import (
	"context"

	nad "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/testing"
	"kubevirt.io/client-go/kubecli"
	networks "kubevirt.io/client-go/networkattachmentdefinitionclient"
	fakenetworks "kubevirt.io/client-go/networkattachmentdefinitionclient/fake"
)

// offlineClient is all that virt-controller asks of an API server to make a pod. Every network
// exists; a created pod is kept.
type offlineClient struct {
	kubecli.KubevirtClient
	networks networks.Interface
	created  *core.Pod
}

func newOfflineClient(known []*nad.NetworkAttachmentDefinition) *offlineClient {
	fake := fakenetworks.NewSimpleClientset()
	fake.PrependReactor("get", "network-attachment-definitions", func(action testing.Action) (bool, runtime.Object, error) {
		for _, network := range known {
			if network.Name == action.(testing.GetAction).GetName() {
				return true, network, nil
			}
		}
		return true, &nad.NetworkAttachmentDefinition{}, nil
	})
	return &offlineClient{networks: fake}
}

// NetworkClient answers with the networks.
func (client *offlineClient) NetworkClient() networks.Interface { return client.networks }

// CoreV1 answers with a client that creates pods.
func (client *offlineClient) CoreV1() typed.CoreV1Interface { return coreClient{client: client} }

type coreClient struct {
	typed.CoreV1Interface
	client *offlineClient
}

// Pods answers with a client of pods, whatever their namespace.
func (core coreClient) Pods(string) typed.PodInterface { return podClient{client: core.client} }

type podClient struct {
	typed.PodInterface
	client *offlineClient
}

// Create keeps the pod.
func (pods podClient) Create(_ context.Context, pod *core.Pod, _ meta.CreateOptions) (*core.Pod, error) {
	pods.client.created = pod
	return pod, nil
}
