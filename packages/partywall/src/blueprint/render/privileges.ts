/**
 * Owners and rights. A new object has the rights that PostgreSQL gives to each of its kind; what the blueprint says otherwise is granted and
 * revoked. The role that runs the statements stands for the owner of the schema.
 */
import { identifier } from '../../names/identifier.ts'
import type { Blueprint, Privileges } from '../blueprint.ts'
import { type GrantKind, namedObjects } from './named-objects.ts'
import type { Rendering, Unit } from './rendered-schema.ts'

export function ownerUnits(blueprint: Blueprint, { owner }: Rendering): Unit[] {
  const statements = namedObjects(blueprint)
    .filter((object) => object.owner !== owner && !object.isOwned)
    .map((object) => `alter ${object.kind} ${object.name} owner to ${identifier(object.owner)}`)
  return statements.length === 0 ? [] : [{ keys: [], statements, tier: 'owner' }]
}

export function privilegeUnits(blueprint: Blueprint, rendering: Rendering): Unit[] {
  const rights = new Rights(rendering)
  const statements = [
    ...rights.of('schema', identifier(rendering.options.to), blueprint.privileges, blueprint.owner),
    ...namedObjects(blueprint).flatMap(({ grantKind, name, nameForGrant, privileges, owner }) =>
      grantKind === undefined ? [] : rights.of(grantKind, nameForGrant ?? name, privileges, owner),
    ),
    ...blueprint.relations.flatMap(({ name, columns, owner }) =>
      columns.flatMap((column) => rights.ofColumn(identifier(name), identifier(column.name), column.privileges, owner)),
    ),
    ...blueprint.defaultPrivileges.flatMap(({ name, privileges }) => rights.byDefault(name, privileges)),
  ]
  return statements.length === 0 ? [] : [{ keys: [], statements, tier: 'privileges' }]
}

interface Right {
  readonly right: string
  readonly to: string
  readonly withGrantOption: boolean
}

class Rights {
  readonly #rendering: Rendering

  constructor(rendering: Rendering) {
    this.#rendering = rendering
  }

  of(kind: GrantKind, name: string, privileges: Privileges, owner: string): string[] {
    const usual = this.#rendering.defaultPrivileges.get(inDefaults[kind]) ?? usualRights(kind, this.#rendering.serverMajor)
    const isKept = (right: string) => this.#rendering.onlyRightsOfOthers === true && right.endsWith(' to the owner')
    const taken = usual.filter((right) => !privileges.includes(right) && !isKept(right))
    const given = privileges.filter((right) => !usual.includes(right))
    return [
      ...this.#read(taken, owner).map(({ right, to }) => `revoke ${right} on ${kind} ${name} from ${to}`),
      ...this.#grants(given, owner).map(({ rights, to, end }) => `grant ${rights.join(', ')} on ${kind} ${name} to ${to}${end}`),
    ]
  }

  ofColumn(table: string, column: string, privileges: Privileges, owner: string): string[] {
    return this.#grants(privileges, owner).map(
      ({ rights, to, end }) =>
        `grant ${rights.map((right) => `${right} (${column})`).join(', ')} on table ${table} to ${to}${end}`,
    )
  }

  /** @param name the role whose new objects get the rights, and their kind: `app: tables` */
  byDefault(name: string, privileges: Privileges): string[] {
    const at = name.lastIndexOf(': ')
    const [role, kind] = [name.slice(0, at), name.slice(at + 2)]
    const ofOwner = role.startsWith('"') ? role.slice(1, -1).replaceAll('""', '"') : role
    const forRole = ofOwner === this.#rendering.owner ? '' : ` for role ${role}`
    const head = `alter default privileges${forRole} in schema ${identifier(this.#rendering.options.to)}`
    return this.#grants(privileges, ofOwner).map(
      ({ rights, to, end }) => `${head} grant ${rights.join(', ')} on ${kind} to ${to}${end}`,
    )
  }

  #grants(privileges: Privileges, owner: string): { readonly rights: string[]; readonly to: string; readonly end: string }[] {
    const groups = new Map<string, { readonly rights: string[]; readonly to: string; readonly end: string }>()
    for (const { right, to, withGrantOption } of this.#read(privileges, owner)) {
      const end = withGrantOption ? ' with grant option' : ''
      const group = groups.get(`${to}${end}`) ?? { rights: [], to, end }
      group.rights.push(right)
      groups.set(`${to}${end}`, group)
    }
    return [...groups.values()]
  }

  #read(privileges: Privileges, owner: string): Right[] {
    return privileges.flatMap((words) => {
      const [, right, who, withGrantOption] = /^([A-Z ]+?) to (.*?)(, with grant option)?$/s.exec(words)!
      const to = this.#roleOf(who!, owner)
      return to === undefined ? [] : [{ right: right!, to, withGrantOption: withGrantOption !== undefined }]
    })
  }

  /** Undefined for the tenant of the source when the new one has no role. */
  #roleOf(who: string, owner: string): string | undefined {
    const { tenantRole } = this.#rendering.options
    if (who === 'everyone') return 'public'
    if (who === 'the owner') return owner === this.#rendering.owner ? 'current_user' : identifier(owner)
    if (who === 'the tenant') return tenantRole === undefined ? undefined : identifier(tenantRole)
    return who.slice('role '.length)
  }
}

function usualRights(kind: GrantKind, serverMajor: number): string[] {
  const [ofOwner, ofAll] = usual[kind]
  const rights = kind === 'table' && serverMajor >= 17 ? [...ofOwner, 'MAINTAIN'] : ofOwner
  return [...rights.map((right) => `${right} to the owner`), ...ofAll.map((right) => `${right} to everyone`)]
}

/** ALTER DEFAULT PRIVILEGES has a word for several kinds. */
const inDefaults: Readonly<Record<GrantKind, string>> = {
  table: 'tables',
  sequence: 'sequences',
  function: 'functions',
  procedure: 'functions',
  type: 'types',
  schema: 'schemas',
}

const usual: Readonly<Record<GrantKind, readonly [ofOwner: readonly string[], ofAll: readonly string[]]>> = {
  table: [['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'], []],
  sequence: [['SELECT', 'UPDATE', 'USAGE'], []],
  function: [['EXECUTE'], ['EXECUTE']],
  procedure: [['EXECUTE'], ['EXECUTE']],
  type: [['USAGE'], ['USAGE']],
  schema: [['CREATE', 'USAGE'], []],
}
