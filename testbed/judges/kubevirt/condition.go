package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"unsafe"

	"live-migration-webhook/testbed/judges/lines"

	kubevirt "kubevirt.io/api/core/v1"
	"kubevirt.io/client-go/log"
	virthandler "kubevirt.io/kubevirt/pkg/virt-handler"
)

// conditionQuestion asks whether a VMI is live-migratable on a host whose CPU model is known.
type conditionQuestion struct {
	ID       json.RawMessage                  `json:"id"`
	KubeVirt *kubevirt.KubeVirt               `json:"kubevirt"`
	VMI      *kubevirt.VirtualMachineInstance `json:"vmi"`
}

// conditionAnswer is virt-handler's condition LiveMigratable.
type conditionAnswer struct {
	ID      json.RawMessage `json:"id"`
	Status  string          `json:"status"`
	Reason  string          `json:"reason"`
	Message string          `json:"message"`
	Error   string          `json:"error,omitempty"`
}

// calculateLiveMigrationCondition is virt-handler's own, which it doesn't export.
//
//go:linkname calculateLiveMigrationCondition kubevirt.io/kubevirt/pkg/virt-handler.(*VirtualMachineController).calculateLiveMigrationCondition
func calculateLiveMigrationCondition(*virthandler.VirtualMachineController, *kubevirt.VirtualMachineInstance) (*kubevirt.VirtualMachineInstanceCondition, bool)

// answerCondition judges one line's VMI.
func answerCondition(line []byte) any {
	var asked conditionQuestion
	if err := lines.Decode(line, &asked); err != nil {
		return conditionAnswer{ID: asked.ID, Error: err.Error()}
	}
	condition, err := liveMigratable(&asked)
	if err != nil {
		return conditionAnswer{ID: asked.ID, Error: err.Error()}
	}
	return conditionAnswer{ID: asked.ID, Status: string(condition.Status), Reason: condition.Reason, Message: condition.Message}
}

// liveMigratable asks virt-handler's code, which panics about some mistakes of the asker.
func liveMigratable(asked *conditionQuestion) (condition *kubevirt.VirtualMachineInstanceCondition, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("virt-handler panicked: %v", reason)
		}
	}()
	config, err := clusterConfig(asked.KubeVirt)
	if err != nil {
		return nil, err
	}
	controller := &virthandler.VirtualMachineController{}
	fields := reflect.ValueOf(controller).Elem()
	if base := fields.FieldByName("BaseController"); base.IsValid() {
		base.Set(reflect.New(base.Type().Elem()))
	}
	set(fields, "clusterConfig", config)
	set(fields, "hostCpuModel", "Haswell")
	set(fields, "logger", log.Log)
	condition, _ = calculateLiveMigrationCondition(controller, asked.VMI)
	return condition, nil
}

// set writes a field that isn't exported, where this version has it: virt-handler's constructor
// wants the folders and sockets of a real host, and the condition needs nothing of them.
func set(fields reflect.Value, name string, value any) {
	field := fields.FieldByName(name)
	if !field.IsValid() {
		return
	}
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(value))
}
