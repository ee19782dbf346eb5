/** Gives rights in a schema that has objects already: on those of the connection's own role, and on all that it will make there. */
import type { Queryable } from '../../sql/statement.ts'
import { futureRightsSql, mayUseSql, ownedInSql, presentRightsSql, usageSql, type Ownable, type Rights } from './rights-sql.ts'

export async function giveRights(queryable: Queryable, schema: string, roles: readonly string[], rights: Rights): Promise<void> {
  if (roles.length === 0) return
  const present = (await queryable.query<Ownable & Record<string, unknown>>(ownedInSql(schema))).rows
  for (const role of roles) {
    // Often everyone may use the shared schema, and only its owner could say so once more.
    const { rows } = await queryable.query<{ usable: string }>(mayUseSql(schema, role))
    const texts = [
      rows[0]?.usable === 'true' ? '' : usageSql(schema, role),
      futureRightsSql(schema, role, rights),
      presentRightsSql(present, role, rights),
    ]
    await queryable.query({ text: texts.join('\n') })
  }
}
