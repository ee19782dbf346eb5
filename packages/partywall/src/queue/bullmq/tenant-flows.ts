/** Flows of BullMQ: jobs that wait for the jobs below them. Every job of a flow is one of the scope in which the flow is added. */
import type { FlowJob, FlowOpts, FlowProducer, Job, JobNode } from 'bullmq'
import { assertKnownKeys } from '../../known-keys.ts'
import type { ScopeLike } from '../../ports/tenancy-like.ts'
import { createJobs, type Jobs, type JobSecrets } from '../shared/jobs.ts'
import { keyOfScope } from '../shared/scope-key.ts'
import type { BullTenancy } from './bull-tenancy.ts'
import { openJob, stampUpdates } from './opened-job.ts'
import { assertNewJob, stampedJob } from './stamped-job.ts'
import { assertNoOrder, noTurnYet, turnsOf } from './turns.ts'
import { assertUsable } from './usable.ts'

export interface TenantFlowsOptions extends JobSecrets {
  /** As the queues have it. @default true */
  fair?: boolean
}

export interface TenantFlows {
  /** Adds a flow of the current scope. @throws TenancyError NO_TENANT outside every scope; INVALID_ARGUMENT */
  add(flow: FlowJob, opts?: FlowOpts): Promise<JobNode>
  addBulk(flows: readonly FlowJob[]): Promise<JobNode[]>
}

/**
 * @example
 * const flows = tenantFlows(tenancy, new FlowProducer({ connection }), { secret: process.env.JOB_SECRET! })
 * await flows.add({ name: 'report', queueName: 'reports', data: {}, children: [{ name: 'count', queueName: 'reports', data: { year: 2026 } }] })
 * @throws TenancyError INVALID_OPTION
 */
export function tenantFlows(tenancy: BullTenancy, producer: FlowProducer<any, any>, options: TenantFlowsOptions): TenantFlows {
  assertKnownKeys('tenantFlows', options, ['secret', 'secrets', 'fair'], 'INVALID_OPTION')
  const { fair, ...secrets } = options
  const jobs = createJobs('tenantFlows', tenancy, secrets)
  assertUsable('tenantFlows', 'a FlowProducer of BullMQ', producer, ['addBulk', 'getBackend'])
  turnsOf('tenantFlows', { backend: producer.getBackend(), fair })

  const prepared = async (flows: readonly FlowJob[], scope: ScopeLike): Promise<FlowJob[]> => {
    const stamped = flows.map((flow) => stampedNode(flow, scope, jobs, fair !== false))
    if (fair !== false) await giveTurns(stamped, keyOfScope(scope), producer)
    return stamped
  }
  const scopeOf = (flow: FlowJob | undefined): ScopeLike => {
    const scope = tenancy.scope()
    // `stamp` refuses what is added outside of every scope.
    if (scope === undefined) jobs.stamp(flow?.queueName ?? 'flows', null)
    return scope!
  }
  return Object.freeze<TenantFlows>({
    async add(flow, opts) {
      const scope = scopeOf(flow)
      const [stamped] = await prepared([flow], scope)
      return opened(await producer.add(stamped!, opts), jobs, scope)
    },
    async addBulk(flows) {
      const scope = scopeOf(flows[0])
      const stamped = await prepared(flows, scope)
      return (await producer.addBulk(stamped)).map((node) => opened(node, jobs, scope))
    },
  })
}

function stampedNode(node: FlowJob, scope: ScopeLike, jobs: Jobs, isFair: boolean): FlowJob {
  assertNewJob((node as Partial<FlowJob> | null | undefined)?.queueName, node)
  const { name, queueName, data, opts = {}, children } = node
  if (isFair) assertNoOrder('a job of a flow', opts)
  return {
    ...node,
    ...stampedJob(jobs, scope, queueName, { name, data: data as unknown, opts }),
    ...(children !== undefined && { children: children.map((child) => stampedNode(child as FlowJob, scope, jobs, isFair)) }),
  } as FlowJob
}

/** The jobs of a flow are in several queues, each with its own turns. */
async function giveTurns(flows: readonly FlowJob[], key: string, producer: FlowProducer<any, any>): Promise<void> {
  const byQueue = new Map<string, FlowJob[]>()
  const collect = (node: FlowJob): void => {
    const queue = JSON.stringify([node.queueName, node.prefix ?? producer.opts.prefix])
    byQueue.set(queue, [...(byQueue.get(queue) ?? []), node])
    // The jobs below run first.
    for (const child of node.children ?? []) collect(child as FlowJob)
  }
  flows.forEach(collect)
  for (const nodes of byQueue.values()) {
    const [{ queueName, prefix = producer.opts.prefix }] = nodes as [FlowJob]
    const later = nodes.filter(({ opts }) => Number(opts?.delay) > 0)
    const now = nodes.filter((node) => !later.includes(node)).toReversed()
    for (const node of later) node.opts = { ...node.opts, priority: noTurnYet } as never
    if (now.length === 0) continue
    const turns = turnsOf('tenantFlows', { backend: producer.getBackend().forQueue(queueName, prefix) })!
    const numbers = await turns.next(key, now.length)
    now.forEach((node, index) => (node.opts = { ...node.opts, priority: numbers[index]! } as never))
  }
}

function opened(node: JobNode, jobs: Jobs, scope: ScopeLike): JobNode {
  const job: Job = node.job
  openJob(job)
  stampUpdates(job, job.queueName, jobs, scope)
  for (const child of node.children ?? []) opened(child, jobs, scope)
  return node
}
