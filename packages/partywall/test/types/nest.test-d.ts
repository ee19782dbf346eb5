/** What TypeScript infers for the options of `TenancyModule` and its decorators. Checked by `npm run types`; nothing here runs. */
import { expectTypeOf } from 'vitest'
import { CurrentTenant, InjectTenancy, RequireMember, TenancyModule, type ModuleTenancy } from '../../src/http/nest/nest.ts'
import type { Tenant } from '../../src/types.ts'

interface Plan {
  plan: 'free' | 'paid'
}

declare const tenancy: ModuleTenancy<Plan>

TenancyModule.forRoot({
  tenancy,
  none: 'shared',
  user: (request: { session: { userId?: string } }) => request.session.userId,
  authorize(tenant) {
    expectTypeOf(tenant).toEqualTypeOf<Tenant<Plan>>()
    return tenant.attributes.plan === 'paid'
  },
})
TenancyModule.forRootAsync({ inject: [], useFactory: async () => ({ tenancy, none: 'pass' as const }) })
expectTypeOf(CurrentTenant()).toEqualTypeOf<ParameterDecorator>()
expectTypeOf(InjectTenancy()).toExtend<ParameterDecorator>()
RequireMember({ roles: ['admin'], can: 'polls.write' })

// @ts-expect-error the tenancy is missing
TenancyModule.forRoot({ none: 'shared' })
// @ts-expect-error there is no such value
TenancyModule.forRoot({ tenancy, none: 'ignore' })
// @ts-expect-error a factory returns options
TenancyModule.forRootAsync({ useFactory: () => tenancy })
// @ts-expect-error roles are names
RequireMember({ roles: 7 })
