import { IsIn, IsString, Length } from 'class-validator';

import { IsAddress, IsInstant, IsLine, MayBeAbsent, type Role, ROLES } from '../../identity/index.js';

/** What `user create` takes. */
export class NewUserForm {
  @IsAddress()
  email!: string;

  @MayBeAbsent()
  @IsLine(200)
  name?: string;

  @MayBeAbsent()
  @IsLine(64)
  plan?: string;

  @MayBeAbsent()
  @IsIn(ROLES)
  role?: Role;

  @MayBeAbsent()
  @IsString()
  @Length(8, 200, { message: 'the password must have 8 to 200 characters' })
  password?: string;

  @MayBeAbsent()
  @IsLine(500)
  reason?: string;
}

/** What `key create` takes. */
export class NewKeyForm {
  @IsLine(254)
  user!: string;

  @IsLine(100)
  name!: string;

  @MayBeAbsent()
  @IsInstant()
  expiresAt?: string;

  @MayBeAbsent()
  @IsLine(500)
  reason?: string;
}
