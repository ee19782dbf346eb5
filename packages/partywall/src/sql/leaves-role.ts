/**
 * How a text could run a part of itself as another role than the one that it is bound to. A query cannot: it has no words for that, and the function
 * that it could call is not its to call. A text of several statements, a block of code and the body of a function can.
 */
import type { SqlStatement } from './lexer.ts'

/** In the words of the SQL manual: "DO"; undefined for a text that cannot. */
export function leavesRole(statements: readonly SqlStatement[]): string | undefined {
  if (statements.length > 1) return 'A text of several statements'
  const [statement] = statements
  return statement === undefined ? undefined : byVerb(statement.tokens)
}

/** Whether it is a statement of its own that switches the role, for the next statement; partywall binds each statement again where it can. */
export function switchesRole(how: string): boolean {
  return /^(?:SET|RESET|DISCARD) /.test(how)
}

function byVerb([verb, ...rest]: readonly string[]): string | undefined {
  switch (verb) {
    case 'do':
      return 'DO'
    case 'set': {
      const words = rest[0] === 'local' || rest[0] === 'session' ? rest.slice(1) : rest
      if (words[0] === 'role') return 'SET ROLE'
      return rest.includes('authorization') ? 'SET SESSION AUTHORIZATION' : undefined
    }
    case 'reset':
      return ['role', 'all', 'session'].includes(rest[0] ?? '') ? `RESET ${rest[0]!.toUpperCase()}` : undefined
    case 'discard':
      return rest[0] === 'all' ? 'DISCARD ALL' : undefined
    case 'create':
    case 'alter': {
      const object = rest.find((word) => routines.has(word))
      return object === undefined ? undefined : `${verb} ${object}`.toUpperCase()
    }
    default:
      return undefined
  }
}

/** Also far behind the verb, as in `create or replace temporary function`; a table of such a name is refused as well. */
const routines = new Set([
  'function',
  'procedure',
  'routine',
  'aggregate',
  'extension',
  'language',
  'transform',
  'event',
  'trigger',
  'rule',
])
