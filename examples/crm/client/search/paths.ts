import type { RouteLocationRaw } from 'vue-router'
import type { Hit } from '../../src/api/schemas/search.ts'
import { aboutPath } from '../common/about.ts'

/** A task, a note and a file are shown where the record is that they are about. */
export function pathOf(hit: Hit): RouteLocationRaw {
  switch (hit.kind) {
    case 'customer':
      return `/customers/${hit.id}`
    case 'lead':
      return `/leads/${hit.id}`
    case 'project':
      return `/projects/${hit.id}`
    case 'task':
      return aboutPath(hit) ?? '/tasks'
    case 'note':
      return aboutPath(hit) ?? '/notes'
    case 'file':
      return aboutPath(hit) ?? '/files'
  }
}
