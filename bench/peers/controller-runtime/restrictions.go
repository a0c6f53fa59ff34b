package main

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	virtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const allowBridge = "kubevirt.io/allow-pod-bridge-network-live-migration"

// violations lists every restriction that the virtual machine breaks, one line each.
func (m *Migrations) violations(ctx context.Context, vmi *virtv1.VirtualMachineInstance) ([]string, error) {
	found := slices.Concat(bridgeNetwork(vmi), cdRom(vmi), containerDisk(vmi), pciDevice(vmi))
	claims, err := m.readWriteOnce(ctx, vmi)
	return append(found, claims...), err
}

func bridgeNetwork(vmi *virtv1.VirtualMachineInstance) (found []string) {
	if _, allowed := vmi.Annotations[allowBridge]; allowed {
		return nil
	}
	for index, face := range vmi.Spec.Domain.Devices.Interfaces {
		onPodNetwork := slices.ContainsFunc(vmi.Spec.Networks, func(network virtv1.Network) bool {
			return network.Name == face.Name && network.Pod != nil
		})
		if face.Bridge != nil && onPodNetwork {
			field := fmt.Sprintf("spec.domain.devices.interfaces[%d].bridge", index)
			problem := fmt.Sprintf("interface %q is a bridge on the management network", face.Name)
			found = append(found, line("bridge-network", problem, field, "Use masquerade, or a VLAN (multus) network"))
		}
	}
	return found
}

func cdRom(vmi *virtv1.VirtualMachineInstance) (found []string) {
	for index, disk := range vmi.Spec.Domain.Devices.Disks {
		filled := slices.ContainsFunc(vmi.Spec.Volumes, func(volume virtv1.Volume) bool { return volume.Name == disk.Name })
		if disk.CDRom != nil && filled {
			field := fmt.Sprintf("spec.domain.devices.disks[%d].cdrom", index)
			problem := fmt.Sprintf("disk %q is a CD-ROM with a volume in it", disk.Name)
			found = append(found, line("cd-rom", problem, field, "Eject the CD-ROM"))
		}
	}
	return found
}

func containerDisk(vmi *virtv1.VirtualMachineInstance) (found []string) {
	for index, volume := range vmi.Spec.Volumes {
		if volume.ContainerDisk != nil {
			field := fmt.Sprintf("spec.volumes[%d].containerDisk", index)
			problem := fmt.Sprintf("volume %q is a container disk", volume.Name)
			found = append(found, line("container-disk", problem, field, "Remove the volume"))
		}
	}
	return found
}

func pciDevice(vmi *virtv1.VirtualMachineInstance) (found []string) {
	devices := vmi.Spec.Domain.Devices
	for index, device := range devices.HostDevices {
		field := fmt.Sprintf("spec.domain.devices.hostDevices[%d]", index)
		found = append(found, line("pci-device", fmt.Sprintf("device %q is passed through", device.Name), field, "Detach the device"))
	}
	for index, device := range devices.GPUs {
		field := fmt.Sprintf("spec.domain.devices.gpus[%d]", index)
		found = append(found, line("pci-device", fmt.Sprintf("device %q is passed through", device.Name), field, "Detach the device"))
	}
	return found
}

// readWriteOnce looks at the claims, in the cache.
func (m *Migrations) readWriteOnce(ctx context.Context, vmi *virtv1.VirtualMachineInstance) (found []string, _ error) {
	const remedy = "Use a ReadWriteMany volume, or remove it"
	for index, volume := range vmi.Spec.Volumes {
		name, source := claimOf(volume)
		if name == "" || isMoved(vmi, volume.Name) {
			continue
		}
		field := fmt.Sprintf("spec.volumes[%d].%s", index, source)
		claim := &corev1.PersistentVolumeClaim{}
		err := m.Reader.Get(ctx, client.ObjectKey{Namespace: vmi.Namespace, Name: name}, claim)
		switch {
		case apierrors.IsNotFound(err):
			found = append(found, line("read-write-once", fmt.Sprintf("PVC %s/%s does not exist", vmi.Namespace, name), field, remedy))
		case err != nil:
			return nil, err
		case !slices.Contains(claim.Spec.AccessModes, corev1.ReadWriteMany):
			problem := fmt.Sprintf("PVC %s/%s of volume %q is %v", vmi.Namespace, name, volume.Name, claim.Spec.AccessModes)
			found = append(found, line("read-write-once", problem, field, remedy))
		}
	}
	return found, nil
}

func claimOf(volume virtv1.Volume) (name, source string) {
	switch {
	case volume.PersistentVolumeClaim != nil:
		return volume.PersistentVolumeClaim.ClaimName, "persistentVolumeClaim"
	case volume.DataVolume != nil:
		return volume.DataVolume.Name, "dataVolume"
	}
	return "", ""
}

// isMoved tells whether the volume's data are being copied to another claim anyway.
func isMoved(vmi *virtv1.VirtualMachineInstance, volume string) bool {
	return slices.ContainsFunc(vmi.Status.MigratedVolumes, func(moved virtv1.StorageMigratedVolumeInfo) bool {
		return moved.VolumeName == volume
	})
}

func line(id, problem, field, remedy string) string {
	return fmt.Sprintf("%s: %s (%s). %s.", id, problem, field, remedy)
}
