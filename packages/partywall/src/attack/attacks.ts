/** Every known attack, in the order of the report. */
import type { Attack } from './groups/attack.ts'
import { asyncContext } from './groups/async-context.ts'
import { advisoryLocks, listen, otherSessions } from './groups/between-sessions.ts'
import { catalogs } from './groups/catalogs.ts'
import { functions } from './groups/functions.ts'
import { largeObjects } from './groups/large-objects.ts'
import { leftBehind, temporaryTables } from './groups/left-behind.ts'
import { names } from './groups/names.ts'
import { planted } from './groups/planted.ts'
import { qualifiedNames } from './groups/qualified-names.ts'
import { resources } from './groups/resources.ts'
import { roles } from './groups/roles.ts'
import { searchPath } from './groups/search-path.ts'
import { sessions } from './groups/sessions.ts'
import { severalStatements } from './groups/several-statements.ts'
import { sharedSchema } from './groups/shared-schema.ts'
import { structure } from './groups/structure.ts'
import { preparedStatements, turns } from './groups/turns.ts'

export const attacks: readonly Attack[] = [
  ...turns,
  ...asyncContext,
  ...leftBehind,
  ...temporaryTables,
  ...preparedStatements,
  ...searchPath,
  ...names,
  ...planted,
  ...qualifiedNames,
  ...severalStatements,
  ...sessions,
  ...functions,
  ...roles,
  ...structure,
  ...sharedSchema,
  ...catalogs,
  ...largeObjects,
  ...otherSessions,
  ...listen,
  ...advisoryLocks,
  ...resources,
]
