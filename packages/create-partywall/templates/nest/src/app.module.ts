import { Module, type DynamicModule } from '@nestjs/common'
import { TenancyModule } from 'partywall/nest'
//? if auth
import { AuthController } from './auth.controller.ts'
import { authOf } from './auth.ts'
//? end
import { ProjectsController } from './projects.controller.ts'
import { projectsOf } from './projects.ts'
import type { AppTenancy } from './tenancy.ts'
//? if auth
import { AUTH, PROJECTS } from './tokens.ts'
//? else
import { PROJECTS } from './tokens.ts'
//? end

@Module({})
export class AppModule {
  /** Tests give it a tenancy on their own database. */
  static on(tenancy: AppTenancy): DynamicModule {
    //? if auth
    const auth = authOf(tenancy)
    return {
      module: AppModule,
      imports: [TenancyModule.forRoot({ tenancy, user: auth.userOf })],
      controllers: [AuthController, ProjectsController],
      providers: [
        { provide: AUTH, useValue: auth },
        { provide: PROJECTS, useValue: projectsOf(tenancy) },
      ],
    }
    //? else
    return {
      module: AppModule,
      imports: [TenancyModule.forRoot({ tenancy })],
      controllers: [ProjectsController],
      providers: [{ provide: PROJECTS, useValue: projectsOf(tenancy) }],
    }
    //? end
  }
}
