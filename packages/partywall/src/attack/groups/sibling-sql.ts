/** What attacks want of the tenant under attack, as SQL. */
import type { World } from './world.ts'

/** Reads its table by the qualified name. */
export const reading = ({ sibling }: World): string => `select secret from ${sibling.sql}.notes`

/** Its role, for SET ROLE. Under the boundary `path` it has none, so the role that is left is that of the connection. */
export const roleOf = ({ sibling }: World): string => (sibling.role === 'none' ? 'none' : `"${sibling.role}"`)
