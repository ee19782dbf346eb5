/** `api/migrations`: heads, plan, runs and drift. */
import { Hono, type Context } from 'hono'
import * as z from 'zod'
import type { AnyTenancy, ConsoleEnv, ConsoleParts, Room } from '../parts.ts'
import { problem } from '../problem.ts'
import { needs } from '../security/roles.ts'
import type { RunAnswer, RunConflict, StartedRun } from './api.ts'
import { driftRoutes } from './drift-routes.ts'
import { followRun } from './follow-run.ts'
import { readOverview } from './overview.ts'
import { readPlan } from './plan.ts'
import { answerOf, entryOf, readRun } from './read-run.ts'
import { RunRegistry } from './run-registry.ts'
import { planQuery, runOptionsOf, startBody } from './start-run.ts'

const runId = z.uuid()
const entriesQuery = z.object({
  state: z.enum(['pending', 'done', 'failed', 'skipped']).optional(),
  after: z.string().max(100).optional(),
})
const entriesOfPage = 100

export function migrationsRoutes({ tenancy }: ConsoleParts): Room {
  const registry = RunRegistry.of(tenancy)
  const room = new Hono<ConsoleEnv>()
  room.get('/', async (c) => c.json(await readOverview(tenancy, registry)))
  room.get('/plan', async (c) => c.json(await readPlan(tenancy, planQuery(c.req.queries()))))
  room.get('/runs', async (c) => {
    const runs = await tenancy.migrations.runs({ limit: 100 })
    return c.json({ runs: runs.map((run) => answerOf(run, registry)) })
  })
  room.post('/runs', needs('operator'), async (c) => {
    const body = startBody.parse(await c.req.json())
    const other = await runAtWork(tenancy, registry)
    if (other !== undefined && (other.where === 'here' || body.anyway !== true)) return conflict(c, other)
    const begun = await begunMeanwhile(tenancy, registry)
    if (begun !== undefined) return conflict(c, begun)
    const run = await registry.start(runOptionsOf(body), c.get('operator').id)
    return c.json({ ...(run.id !== undefined && { id: run.id }) } satisfies StartedRun, 202)
  })
  room.get('/runs/:id', async (c) => {
    const run = await detailOf(tenancy, registry, c.req.param('id'))
    return run === undefined ? unknownRun(c) : c.json(run)
  })
  room.get('/runs/:id/entries', async (c) => {
    const { state, after } = entriesQuery.parse(c.req.query())
    const id = runId.parse(c.req.param('id'))
    const states = state === undefined ? undefined : [state]
    const entries = await tenancy.migrations.entries(id, { states, after, limit: entriesOfPage })
    return c.json({ entries: entries.map(entryOf), ...(entries.length === entriesOfPage && { next: entries.at(-1)!.target }) })
  })
  room.get('/runs/:id/events', async (c) => {
    const run = await detailOf(tenancy, registry, c.req.param('id'))
    return run === undefined ? unknownRun(c) : followRun(c, tenancy, registry, run.id)
  })
  room.post('/runs/:id/stop', needs('operator'), async (c) => {
    const live = registry.find(c.req.param('id'))
    if (live === undefined || live.isOver || live.actor === undefined) return notStoppable(c)
    live.stop()
    return c.json({}, 202)
  })
  room.route('/drift', driftRoutes(tenancy))
  return room
}

/** The run that works now, here or in another process. */
async function runAtWork(tenancy: AnyTenancy, registry: RunRegistry): Promise<RunAnswer | undefined> {
  const [last] = await tenancy.migrations.runs({ limit: 1 })
  const answer = last && answerOf(last, registry)
  if (answer?.state === 'running') return answer
  const id = registry.active?.id
  return id === undefined ? undefined : readRun(tenancy, registry, id)
}

/** What another request of this process began while this one looked. Behind it nothing is awaited, so only one of two requests begins a run. */
async function begunMeanwhile(tenancy: AnyTenancy, registry: RunRegistry): Promise<RunAnswer | undefined> {
  for (let begun = registry.active; begun !== undefined; begun = registry.active) {
    await begun.started
    const run = begun.id === undefined ? undefined : await readRun(tenancy, registry, begun.id)
    if (run?.state === 'running') return run
  }
  return undefined
}

async function detailOf(tenancy: AnyTenancy, registry: RunRegistry, id: string) {
  return runId.safeParse(id).success ? readRun(tenancy, registry, id) : undefined
}

function conflict(c: Context<ConsoleEnv>, run: RunAnswer): Response {
  const who = run.by === undefined ? 'Another process' : `${run.by.actor} (${run.by.origin})`
  return problem(c, 409, {
    code: 'MIGRATIONS_RUNNING',
    title: 'A run of migrations is at work',
    detail: `${who} has run migrations since ${run.startedAt}. Look at that run, or wait until it is over.`,
    run,
  } satisfies RunConflict & { title: string })
}

function unknownRun(c: Context<ConsoleEnv>): Response {
  return problem(c, 404, {
    code: 'UNKNOWN_RUN',
    title: 'There is no such run',
    detail: 'The last hundred runs are kept. This one is older, or was never there.',
  })
}

function notStoppable(c: Context<ConsoleEnv>): Response {
  return problem(c, 409, {
    code: 'RUN_NOT_STOPPABLE',
    title: 'This run cannot be stopped here',
    detail: 'It is over, or it was begun elsewhere: stop it where it was begun, for example with Ctrl-C.',
  })
}
