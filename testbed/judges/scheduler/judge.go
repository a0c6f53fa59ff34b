package main

import (
	"encoding/json"
	"errors"

	core "k8s.io/api/core/v1"
	resource "k8s.io/api/resource/v1"
	storage "k8s.io/api/storage/v1"

	"live-migration-webhook/testbed/judges/lines"
)

// judgement is a question to the scheduler: which of the nodes would it accept for the pod?
type judgement struct {
	ID             json.RawMessage               `json:"id"`
	Pod            *core.Pod                     `json:"pod"`
	Nodes          []*core.Node                  `json:"nodes"`
	Pods           []*core.Pod                   `json:"pods"`
	Namespaces     []*core.Namespace             `json:"namespaces"`
	Volumes        []*core.PersistentVolume      `json:"persistentVolumes"`
	Claims         []*core.PersistentVolumeClaim `json:"persistentVolumeClaims"`
	StorageClasses []*storage.StorageClass       `json:"storageClasses"`
	CSINodes       []*storage.CSINode            `json:"csiNodes"`
	CSIDrivers     []*storage.CSIDriver          `json:"csiDrivers"`
	Capacities     []*storage.CSIStorageCapacity `json:"csiStorageCapacities"`
	DeviceClasses  []*resource.DeviceClass       `json:"deviceClasses"`
	DeviceClaims   []*resource.ResourceClaim     `json:"resourceClaims"`
	Devices        []*resource.ResourceSlice     `json:"resourceSlices"`
	Quotas         []core.ResourceQuota          `json:"resourceQuotas"`
}

// verdict answers it: each node is either accepted or rejected, or there is an error. Quota tells
// why the API server would refuse the pod, whatever the scheduler thinks of it.
type verdict struct {
	ID       json.RawMessage      `json:"id"`
	Accepted []string             `json:"accepted"`
	Rejected map[string]rejection `json:"rejected"`
	Quota    string               `json:"quota,omitempty"`
	Error    string               `json:"error,omitempty"`
}

// rejection names the first plugin that failed a node; several ones are separated by commas.
type rejection struct {
	Plugin  string `json:"plugin"`
	Message string `json:"message"`
}

// answer judges one line.
func (judge *schedulerJudge) answer(line []byte) any {
	var asked judgement
	err := lines.Decode(line, &asked)
	if err == nil && asked.Pod == nil {
		err = errors.New("there is no pod")
	}
	answer := verdict{Accepted: []string{}, Rejected: map[string]rejection{}}
	if err == nil {
		err = judge.judge(&asked, &answer)
	}
	answer.ID = asked.ID
	if err != nil {
		answer = verdict{ID: asked.ID, Error: err.Error()}
	}
	return answer
}
