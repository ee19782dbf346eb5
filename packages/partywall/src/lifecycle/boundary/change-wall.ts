/**
 * Makes the wall of one tenant as the configuration says, in one transaction: all of it, or nothing. It waits for migrations of the schema, and they
 * for it: a table that is made meanwhile would get no rights.
 */
import {
  createRoleSql,
  createTakenRoleSql,
  futureRightsSql,
  joinSql,
  leaveSql,
  logsInSql,
  mayNotTakeSql,
  mayTakeSql,
  onlyReadSql,
  ownedInSql,
  presentRightsSql,
  usageSql,
} from '../../catalog/roles/rights-sql.ts'
import type { Ownable } from '../../catalog/roles/rights-sql.ts'
import type { Access } from '../../catalog/roles/access.ts'
import type { RoleNames } from '../../catalog/roles/role-names.ts'
import { giveNextPassword, makeLoginsGroup } from '../../catalog/roles/tenant-login.ts'
import { dropRoleSql, noLoginSql, takePresentSql, takeSchemaSql, weakRoleSql } from '../../catalog/roles/take-rights-sql.ts'
import { lockKey } from '../../migrations/apply/guards.ts'
import { historyTable } from '../../migrations/history/history-sql.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Statement } from '../../sql/statement.ts'
import { takeOwnership } from './ownership.ts'
import { usedByOthers, usedElsewhere } from './used-elsewhere.ts'
import type { Wall } from './walls.ts'

export interface ChangeOptions {
  readonly lockTimeoutMs: number
  /** Whether the rights of the other boundary are taken, too. */
  readonly finish: boolean
}

export interface WallChange {
  /** Objects that the deploy role may neither own nor give rights on. */
  readonly notOwned: readonly string[]
  /** Other databases that use the role of the tenant, which was not dropped for that. */
  readonly usedBy: readonly string[]
}

/** @throws TenancyError ROLE_EXISTS where the role itself would change, and another database uses it */
export async function changeWall(
  transaction: Transaction,
  wall: Wall,
  access: Access,
  names: RoleNames,
  { lockTimeoutMs, finish }: ChangeOptions,
): Promise<WallChange> {
  const { tenant, question, lacks, hasLeft, isLoginLeft, isInLogins } = wall
  const { schema } = tenant
  const { user, other, isOwn, logsIn } = question
  await transaction.query(guardSql(schema, lockTimeoutMs))
  const usedBy = changesRole(wall, finish) ? await usedElsewhere(transaction, (isOwn ? user : other)!) : []
  if (isOwn && usedBy.length > 0) throw usedByOthers(user!, schema, usedBy)
  if (logsIn && lacks.includes('group')) await makeLoginsGroup(transaction, names)
  const { formerOwners, left } = lacks.includes('owner')
    ? await takeOwnership(transaction, schema, names.deploy)
    : { formerOwners: [], left: [] }
  // Another copy of this run may have done it while this one waited; a second password would be wrong in processes that know the first.
  const needsPassword = lacks.includes('login') && (await transaction.query(logsInSql(user!))).rows.length === 0
  const present = (await transaction.query<Ownable & Record<string, unknown>>(ownedInSql(schema))).rows
  const texts: string[] = []
  if (isOwn) texts.push(roleText(user!, logsIn, lacks, names))
  // A role that is missing has nothing to take; one that has too much is given its rights from nothing.
  if (user !== null && lacks.length > 0) texts.push(rightsText(schema, user, present))
  // Processes of the version before use the schema as its owner did, until the last step.
  const isOwnerStillUsed = other !== null && formerOwners.includes(other) && !finish
  if (isOwnerStillUsed) texts.push(rightsText(schema, other, present))
  if (finish && isLoginLeft && isOwn) {
    texts.push(logsIn ? mayNotTakeSql(user!, names.login) : noLoginSql(user!))
    // It could leave its role with set_config.
    if (!logsIn && isInLogins) texts.push(leaveSql(user!, names.logins, names))
  }
  if (finish && hasLeft && other !== null) {
    texts.push(takeSchemaSql(schema, other), takePresentSql(present, other))
    if (!isOwn && usedBy.length === 0) texts.push(dropRoleSql(other))
  }
  if (isOwn && lacks.includes('group'))
    texts.push(joinSql(user!, logsIn ? [names.tenants, names.logins] : [names.tenants], names))
  const text = texts.filter((one) => one !== '').join('\n')
  if (text !== '') await transaction.query({ text })
  if (needsPassword) await giveNextPassword(transaction, access, tenant)
  return { notOwned: left, usedBy }
}

/** Whether more changes than rights in the schema: who may take the role, its password, or whether it exists. */
function changesRole({ question, lacks, isLoginLeft }: Wall, finish: boolean): boolean {
  if (!question.isOwn) return finish
  if (lacks.includes('role')) return false
  return lacks.includes('membership') || lacks.includes('login') || (finish && isLoginLeft)
}

function roleText(role: string, logsIn: boolean, lacks: Wall['lacks'], names: RoleNames): string {
  return [
    // No other role takes one that logs in itself.
    lacks.includes('role') ? (logsIn ? createRoleSql(role) : createTakenRoleSql(role, names)) : '',
    lacks.includes('attributes') ? weakRoleSql(role) : '',
    lacks.includes('membership') && !lacks.includes('role') ? mayTakeSql(role, names) : '',
  ].join('\n')
}

function rightsText(schema: string, role: string, present: readonly Ownable[]): string {
  return [
    takeSchemaSql(schema, role),
    takePresentSql(present, role),
    usageSql(schema, role),
    futureRightsSql(schema, role, 'read and write'),
    presentRightsSql(present, role, 'read and write'),
    present.some(({ relation }) => relation === historyTable) ? onlyReadSql(schema, historyTable, role) : '',
  ].join('\n')
}

function guardSql(schema: string, lockTimeoutMs: number): Statement {
  return {
    text: `select pg_catalog.set_config('lock_timeout', $1::text, true), pg_catalog.pg_advisory_xact_lock(${lockKey(schema)})`,
    values: [String(lockTimeoutMs)],
  }
}
