/** What TypeScript infers of the settings of tenants, and what must not compile. Checked by `npm run types`; nothing here runs. */
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { createTenancy, defineConfig, type Tenancy, type Tenant } from 'partywall'

const schema = z.object({
  features: z.object({ beta: z.boolean().default(false) }).prefault({}),
  limits: z.object({ seats: z.number() }),
  smtp: z.object({ host: z.string(), password: z.string().optional() }).optional(),
  hooks: z.record(z.string(), z.object({ url: z.string(), secret: z.string() })),
  locales: z.array(z.string()),
})
const config = defineConfig({
  tenant: { attributes: z.object({ plan: z.enum(['free', 'pro']) }) },
  settings: {
    schema,
    defaults: { limits: { seats: 5 }, locales: ['en'] },
    kinds: { big: { limits: { seats: 50 } } },
    secrets: ['smtp.password', 'hooks.*.secret'],
    key: process.env.SETTINGS_KEY,
  },
})
const tenancy = createTenancy(config)

// As the schema returns them.
const settings = await tenancy.settings()
expectTypeOf(settings.features.beta).toEqualTypeOf<boolean>()
expectTypeOf(settings.limits.seats).toEqualTypeOf<number>()
expectTypeOf((await tenancy.settings.of('acme')).smtp?.password).toEqualTypeOf<string | undefined>()
expectTypeOf(tenancy.current().attributes.plan).toEqualTypeOf<'free' | 'pro'>()
// As the schema takes them, in parts.
expectTypeOf(await tenancy.settings.set('acme', { features: { beta: true } })).toEqualTypeOf<typeof settings>()
await tenancy.settings.unset('acme', ['smtp', 'limits.seats', 'hooks.pay.url'])
const kept = tenancy.settings.perTenant(({ limits }, tenant) => {
  expectTypeOf(limits.seats).toEqualTypeOf<number>()
  expectTypeOf(tenant).toEqualTypeOf<Tenant<{ plan: 'free' | 'pro' }>>()
  return { seats: limits.seats }
})
expectTypeOf(await kept.use(async ({ seats }) => seats)).toEqualTypeOf<number>()
expectTypeOf(tenancy).toExtend<Tenancy<any, any>>()
tenancy.on('settings.changed', ({ keys }) => expectTypeOf(keys).toEqualTypeOf<readonly string[]>())

// Misuse does not compile.
// @ts-expect-error -- a typo in a setting
void settings.limits.seat
// @ts-expect-error -- they are set by tenancy.settings.set
settings.limits = { seats: 5 }
// @ts-expect-error -- a typo
void tenancy.settings.set('acme', { features: { betta: true } })
// @ts-expect-error -- a number
void tenancy.settings.set('acme', { limits: { seats: 'many' } })
// @ts-expect-error -- no such key
void tenancy.settings.unset('acme', 'limits.seat')
// @ts-expect-error -- a setting is named by its key
void tenancy.settings.unset('acme', { limits: true })
// @ts-expect-error -- it is asked for, not read
void tenancy.settings.limits
void defineConfig({
  settings: {
    schema,
    // @ts-expect-error -- a default of another type
    defaults: { limits: { seats: 'many' } },
  },
})
void defineConfig({
  settings: {
    schema,
    // @ts-expect-error -- a typo in the name of a secret would store it as plain text
    secrets: ['smtp.pasword'],
  },
})
// @ts-expect-error -- a schema is needed
void defineConfig({ settings: { defaults: {} } })

// Without the option there is no type to know.
expectTypeOf(await createTenancy().settings()).toEqualTypeOf<Readonly<Record<string, unknown>>>()
