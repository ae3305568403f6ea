import { Injectable } from '@nestjs/common';

import { type Fault } from '../../errors.js';
import { RatedRoutes } from '../../http/index.js';
import { type InputRule } from '../../input-rules.js';

import { endpointRateFaults } from './endpoint-rates.js';

/** The endpoint rates of a plan are rates, of endpoints that there are. */
@Injectable()
export class EndpointRatesHold implements InputRule<{ endpointRates?: object }> {
  readonly reads = ['endpointRates'];

  constructor(private readonly routes: RatedRoutes) {}

  faultsIn({ endpointRates = {} }: { endpointRates?: object }): readonly Fault[] {
    return endpointRateFaults(endpointRates, this.routes.all());
  }
}
