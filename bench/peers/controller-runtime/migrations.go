package main

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	virtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// Migrations judges a migration when it is created.
type Migrations struct {
	Reader client.Reader
}

var _ admission.Validator[*virtv1.VirtualMachineInstanceMigration] = &Migrations{}

// ValidateCreate refuses a migration whose virtual machine breaks a restriction.
func (m *Migrations) ValidateCreate(
	ctx context.Context, migration *virtv1.VirtualMachineInstanceMigration,
) (admission.Warnings, error) {
	log := logf.FromContext(ctx)
	vmi := &virtv1.VirtualMachineInstance{}
	key := client.ObjectKey{Namespace: migration.Namespace, Name: migration.Spec.VMIName}
	if err := m.Reader.Get(ctx, key, vmi); apierrors.IsNotFound(err) {
		log.Info("reviewed", "vmi", key, "allowed", true)
		return admission.Warnings{fmt.Sprintf("VMI %s does not exist: KubeVirt will refuse this migration", key)}, nil
	} else if err != nil {
		return nil, err
	}
	violations, err := m.violations(ctx, vmi)
	if err != nil {
		return nil, err
	}
	log.Info("reviewed", "vmi", key, "allowed", len(violations) == 0, "violations", len(violations))
	if len(violations) > 0 {
		return nil, fmt.Errorf("VMI %s cannot be live-migrated:\n%s", key, strings.Join(violations, "\n"))
	}
	return nil, nil
}

// ValidateUpdate allows every change.
func (m *Migrations) ValidateUpdate(
	context.Context, *virtv1.VirtualMachineInstanceMigration, *virtv1.VirtualMachineInstanceMigration,
) (admission.Warnings, error) {
	return nil, nil
}

// ValidateDelete allows every abort.
func (m *Migrations) ValidateDelete(
	context.Context, *virtv1.VirtualMachineInstanceMigration,
) (admission.Warnings, error) {
	return nil, nil
}
