package main

import "strings"

type document = map[string]any

// discover answers the paths by which clients find out what there is; nil for any other path.
func (s *Site) discover(path string) any {
	switch path {
	case "/version":
		return document{"major": "1", "minor": "35", "gitVersion": "v1.35.0"}
	case "/api":
		return document{"kind": "APIVersions", "versions": []string{"v1"}}
	case "/apis":
		return document{"kind": "APIGroupList", "apiVersion": "v1", "groups": s.groups()}
	}
	if resources := s.resources(path); len(resources) > 0 {
		version := strings.TrimPrefix(strings.TrimPrefix(path, "/apis/"), "/api/")
		return document{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}
	}
	return nil
}

func (s *Site) groups() []document {
	groups := []document{}
	seen := map[string]bool{"": true}
	for _, collection := range s.collections {
		if !seen[collection.Group] {
			seen[collection.Group] = true
			version := document{"groupVersion": collection.APIVersion(), "version": collection.Version}
			groups = append(groups, document{
				"name": collection.Group, "versions": []document{version}, "preferredVersion": version,
			})
		}
	}
	return groups
}

func (s *Site) resources(root string) []document {
	resources := []document{}
	for _, collection := range s.collections {
		if collection.Root() == root {
			resources = append(resources, document{
				"name": collection.Plural, "singularName": strings.ToLower(collection.Kind), "kind": collection.Kind,
				"namespaced": collection.Namespaced,
				"verbs":      []string{"create", "delete", "get", "list", "patch", "update", "watch"},
			})
		}
	}
	return resources
}
