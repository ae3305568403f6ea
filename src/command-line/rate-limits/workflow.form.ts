import { IsLine, MayBeAbsent } from '../../identity/index.js';

/** What `ratelimit quota` takes. */
export class WorkflowForm {
  @IsLine(200)
  workflow!: string;

  @MayBeAbsent()
  @IsLine(200)
  workspace?: string;

  @MayBeAbsent()
  @IsLine(254)
  user?: string;
}
