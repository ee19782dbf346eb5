import { BadRequestException, Body, Controller, Get, Inject, Post } from '@nestjs/common'
//? if auth
import { RequireMember } from 'partywall/nest'
//? end
import type { Project, Projects } from './projects.ts'
import { titleOf, titleProblem } from './title.ts'
import { PROJECTS } from './tokens.ts'

//? if auth
/** For members of the tenant only. */
@Controller('api/projects')
@RequireMember()
//? else
@Controller('api/projects')
//? end
export class ProjectsController {
  constructor(@Inject(PROJECTS) private readonly projects: Projects) {}

  @Get()
  list(): Promise<Project[]> {
    return this.projects.list()
  }

  @Post()
  add(@Body() body: unknown): Promise<Project> {
    const title = titleOf(body)
    if (title === undefined) throw new BadRequestException(titleProblem)
    return this.projects.add(title)
  }
}
