/** What a run would do, with the SQL of the files. */
import type { PlanOptions } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { PlanAnswer } from './api.ts'
import { shortPath } from './errors.ts'

const mostGroups = 50
const mostExamples = 20
/** Characters of one file, and of all files of the answer. */
const longestFile = 100_000
const longestAnswer = 1_000_000

export async function readPlan({ migrations }: AnyTenancy, options: PlanOptions): Promise<PlanAnswer> {
  const groups = await migrations.plan(options)
  let left = longestAnswer
  const sqlOf = (text: string | undefined): { sql?: string; isCut?: true } => {
    if (text === undefined) return {}
    const sql = text.slice(0, Math.min(longestFile, left)).toWellFormed()
    left -= sql.length
    return { sql, ...(sql.length < text.length && { isCut: true as const }) }
  }
  return {
    groups: groups.slice(0, mostGroups).map(({ source, direction, pending, targets }) => ({
      source: shortPath(source),
      direction,
      files: pending.map(({ name, file, text }) => ({ name, file: file.split('/').at(-1)!, ...sqlOf(text) })),
      count: targets.length,
      examples: targets.slice(0, mostExamples),
      hasShared: targets.includes('shared'),
    })),
    left: Math.max(0, groups.length - mostGroups),
  }
}
