/** `api/health`: whether this process can serve, what it does, and what the doctor has found. */
import { hostname } from 'node:os'
import { Hono } from 'hono'
import type { AnyTenancy, ConsoleEnv, ConsoleParts, Room } from '../parts.ts'
import { needs } from '../security/roles.ts'
import type { HealthAnswer, PoolUse } from './api.ts'
import { Doctor } from './doctor.ts'
import { Metrics } from './metrics.ts'

export function healthRoutes({ tenancy }: ConsoleParts): Room {
  const doctor = Doctor.of(tenancy)
  const metrics = Metrics.of(tenancy)
  const room = new Hono<ConsoleEnv>()
  room.get('/', async (c) => {
    const report = await tenancy.health()
    const origin = `${hostname()} ${process.pid}`
    return c.json({
      report,
      pools: poolsOf(tenancy),
      process: {
        node: process.version,
        uptimeMs: Math.round(process.uptime() * 1000),
        memoryBytes: process.memoryUsage.rss(),
        origin,
      },
    } satisfies HealthAnswer)
  })
  room.get('/metrics', (c) => c.json(metrics.answer))
  room.get('/doctor', (c) => c.json(doctor.answer))
  // It changes nothing, and asks the database a good deal.
  room.post('/doctor', needs('operator'), (c) => {
    doctor.begin(c.get('operator').id)
    return c.json(doctor.answer, 202)
  })
  return room
}

function poolsOf({ pool, sharedPool, options }: AnyTenancy): PoolUse[] {
  return (
    [
      ['tenants', pool, options.pool.max],
      ['shared', sharedPool, options.pool.sharedMax],
    ] as const
  ).map(([name, { totalCount, idleCount, waitingCount }, max]) => ({
    pool: name,
    total: totalCount,
    idle: idleCount,
    waiting: waitingCount,
    max,
  }))
}
