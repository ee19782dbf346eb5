/** Rights of others than the owner and the tenant. A person decides about them, except for those of an object that is just made. */
import { identifier } from '../../names/identifier.ts'
import type { Found } from './objects.ts'
import { decided, type Statement } from './repair.ts'
import { addressOf } from './sql-parts.ts'
import { step, type Step } from './step.ts'

interface Change {
  readonly expected: unknown
  readonly actual: unknown
}

interface Target {
  /** What stands before GRANT and REVOKE. */
  readonly before: string
  /** What follows the privilege: of a column it is named there. */
  readonly of: string
  readonly on: string
}

/** Undefined for an object that has no rights. @param found `schema` for the schema itself */
export function changedPrivileges(
  found: Found | 'schema',
  { expected, actual }: Change,
  schema: string,
): readonly Step[] | undefined {
  const target = targetOf(found, schema)
  if (target === undefined) return undefined
  const [should, is] = [(expected ?? []) as readonly string[], (actual ?? []) as readonly string[]]
  return step(
    'privileges',
    {},
    ...is.filter((one) => !should.includes(one)).flatMap((one) => revoke(one, target)),
    ...should.filter((one) => !is.includes(one)).flatMap((one) => grant(one, target)),
  )
}

export function grantsOf(found: Found, privileges: readonly string[]): readonly Statement[] {
  const target = targetOf(found, '')
  return target === undefined ? [] : privileges.flatMap((one) => grant(one, target))
}

function targetOf(found: Found | 'schema', schema: string): Target | undefined {
  if (found === 'schema') return { before: '', of: '', on: `schema ${identifier(schema)}` }
  switch (found.is) {
    case 'column':
      return { before: '', of: ` (${identifier(found.column.name)})`, on: `table ${identifier(found.relation.name)}` }
    case 'relation':
      return { before: '', of: '', on: `table ${identifier(found.relation.name)}` }
    case 'type':
      return { before: '', of: '', on: `type ${identifier(found.type.name)}` }
    case 'sequence':
      return { before: '', of: '', on: addressOf(found) }
    case 'routine':
      return {
        before: '',
        of: '',
        on: `${found.routine.kind === 'procedure' ? 'procedure' : 'function'} ${found.routine.signature}`,
      }
    case 'default privileges': {
      const at = found.name.lastIndexOf(': ')
      const before = `alter default privileges for role ${found.name.slice(0, at)} in schema ${identifier(schema)} `
      return { before, of: '', on: found.name.slice(at + 2) }
    }
    default:
      return undefined
  }
}

function revoke(words: string, { before, of, on }: Target): readonly Statement[] {
  const read = parsed(words)
  return read === undefined ? [] : [decided(`${before}revoke ${read.privilege}${of} on ${on} from ${read.role}`)]
}

function grant(words: string, { before, of, on }: Target): readonly Statement[] {
  const read = parsed(words)
  const option = read?.mayGrant === true ? ' with grant option' : ''
  return read === undefined ? [] : [decided(`${before}grant ${read.privilege}${of} on ${on} to ${read.role}${option}`)]
}

function parsed(words: string): { readonly privilege: string; readonly role: string; readonly mayGrant: boolean } | undefined {
  const [, privilege, everyone, role, option] =
    /^([A-Z ]+) to (?:(everyone)|role (.+?))(, with grant option)?$/s.exec(words) ?? []
  if (privilege === undefined) return undefined
  return { privilege: privilege.toLowerCase(), role: everyone === undefined ? role! : 'public', mayGrant: option !== undefined }
}
