import type { Activity } from '../../src/api/schemas/activity.ts'

const verbs: Readonly<Record<Activity['action'], string>> = {
  created: 'added the',
  changed: 'changed the',
  moved: 'moved the',
  done: 'has done the',
  deleted: 'deleted the',
  imported: 'imported',
  invited: 'invited',
  joined: 'joined:',
  removed: 'removed',
}

/** What stands between the person and the title. */
export function activityText({ action, kind }: Activity): string {
  if (action === 'imported' || action === 'invited' || action === 'joined') return verbs[action]
  return `${verbs[action]} ${kind}`
}

const pages: Partial<Readonly<Record<Activity['kind'], string>>> = {
  customer: '/customers/',
  lead: '/leads/',
  project: '/projects/',
  import: '/imports/',
}

export function activityPath({ action, kind, objectId }: Activity): string | undefined {
  const page = pages[kind]
  return page === undefined || objectId === null || action === 'deleted' ? undefined : page + objectId
}
