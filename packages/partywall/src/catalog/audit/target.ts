/** From an entry of the audit back to what it is about: the address of the object, always with its tenant, so that a link cannot lead to the same name in another one. */
export interface AuditTarget {
  /** What kind of object: `tenant`, `domain`, `member`, `user`, `invitation`, `role`, `email-domain`, `token`, `template`, `run`, `login`, `work`, `view`, `job`, `row`, or `shared` for the shared schema. */
  readonly kind: string
  /** The id of a tenant, an invitation or a run; the name of any other object. */
  readonly id: string
  /** The id of the tenant that it belongs to; absent for an object of none. */
  readonly tenant?: string
  /** The same as the path of a link, e.g. `/tenants/0f1e…/members/user-1`, with its parts encoded. */
  readonly path: string
}

/** Undefined for an entry without an object. */
export function targetOf(action: string, tenantId: string | null, object: string | null): AuditTarget | undefined {
  const kind = kindOf(action, object)
  if (kind === 'tenant') return tenantId === null ? undefined : { kind, id: tenantId, tenant: tenantId, path: pathOf(tenantId) }
  if (kind === 'shared') return { kind, id: 'shared', path: '/shared' }
  if (object === null) return undefined
  // A run is one of many tenants, and a template outlives the one that it was saved from.
  if (tenantId === null || kind === 'run' || kind === 'template') return { kind, id: object, path: `/${kind}s/${encode(object)}` }
  return { kind, id: object, tenant: tenantId, path: `${pathOf(tenantId)}/${kind}s/${encode(object)}` }
}

function kindOf(action: string, object: string | null): string {
  const noun = action.split('.', 1)[0]!
  if (action === 'member.domain_permitted' || action === 'member.domain_forbidden') return 'email-domain'
  if (noun === 'migrations') return 'run'
  // The user who is acted as.
  if (noun === 'impersonation') return 'user'
  if (noun === 'sql') return object === 'shared' ? 'shared' : 'tenant'
  return ofTheTenant.has(noun) ? 'tenant' : noun
}

const ofTheTenant = new Set(['boundary', 'drift', 'settings'])

function pathOf(tenantId: string): string {
  return `/tenants/${tenantId}`
}

/** A dot or two would be read as another folder. */
function encode(part: string): string {
  const text = encodeURIComponent(part.toWellFormed())
  return /^\.{1,2}$/.test(text) ? text.replaceAll('.', '%2E') : text
}
