/**
 * What the tenant in every key costs: each store with partywall/cache, against the same store alone with the tenant written into the key by hand. A piece of work
 * is what a request does, for both in the scope of a tenant: it reads 90 values and writes 10. The callers read at once, as requests do.
 */
import type { Tenant } from 'partywall'
import { benchRedis } from '../cache/redis.ts'
import { contests, type Contest, type Store } from '../cache/contestants.ts'
import { joined, suffixed, type Comparison } from '../measuring/comparison.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { inOwnDatabase } from '../measuring/own-database.ts'
import { compare, player, type Plan } from '../measuring/rounds.ts'

const tenants = 50
const keys = 100
const value = 'x'.repeat(200)
const perPiece = 100
const plan: Omit<Plan, 'pieces'> = { callers: 16, warmUp: 500, warmUps: 2, rounds: 9 }

export async function cache(url: string): Promise<Outcome> {
  return inOwnDatabase(url, 'cache', async (tenancy) => {
    const redis = await benchRedis()
    try {
      const made: Tenant[] = []
      for (let index = 0; index < tenants; index++) made.push(await tenancy.tenants.create({ schema: `tenant_${index}` }))
      const random = (): Tenant => made[Math.floor(Math.random() * tenants)]!
      const contest = async ({ name, pieces, bare, ours }: Contest): Promise<Comparison> => {
        process.stderr.write(`${name}\n`)
        const [own, rival] = [await ours(tenancy), await bare()]
        for (const tenant of made) {
          await tenancy.run(tenant, () => filled(own, ''))
          await filled(rival, `${tenant.id}:${tenant.generation}:`)
        }
        const comparison = suffixed(
          await compare(
            player({
              name: 'partywall',
              work: () => tenancy.run(random(), () => piece(own, '')),
              close: async () => void (await own.close()),
            }),
            [
              player({
                name: 'alone',
                work() {
                  const tenant = random()
                  return tenancy.run(tenant, () => piece(rival, `${tenant.id}:${tenant.generation}:`))
                },
                close: async () => void (await rival.close()),
              }),
            ],
            { ...plan, pieces },
          ),
          name,
        )
        await Promise.all([own.close(), rival.close()])
        return comparison
      }
      const all: Comparison[] = []
      for (const each of contests(redis.url)) all.push(await contest(each))
      const { ratios, spread, figures } = all.reduce(joined)
      return {
        tenants,
        rounds: plan.rounds,
        ratios,
        spread,
        figures: { ...figures, callers: plan.callers, perPiece, redis: redis.version },
      }
    } finally {
      await redis.stop()
    }
  })
}

async function filled(store: Store, prefix: string): Promise<void> {
  for (let index = 0; index < keys; index++) await store.set(`${prefix}key:${index}`, value)
}

async function piece(store: Store, prefix: string): Promise<void> {
  for (let index = 0; index < perPiece; index++) {
    const key = `${prefix}key:${(index * 37) % keys}`
    if (index % 10 === 9) await store.set(key, value)
    else if ((await store.get(key)) !== value) throw new Error(`${key} is not there.`)
  }
}
